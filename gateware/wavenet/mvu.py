from migen import *

from litex.gen import *

from gateware.wavenet.lanes import AdderTree

# Matrix Vector Unit -------------------------------------------------------------------------------

class MVU(LiteXModule):
    """PE x SIMD matrix-vector unit: `pe` dot products at once, `simd` multiplications each a cycle.

        accumulator[p] = bias[p]*2**frac + sum over the group's cycles and i of a[i]*w[p*simd + i]

    Timeline of one beat (data of the memories is valid in cycle 0):

        cycle  0     LATENCY of a lane    .. tree ..     last
               a, w -----> lane ------> adder tree --> accumulator

    lane_cls : MultiplierLane or ShiftLane

    activations[simd], weights[pe*simd] (as the lane takes them), valid, first, last : in cycle 0
    biases[pe] : in cycle latency - 1 after the group's first beat, where they meet the accumulator
    sums[pe], done : accumulators, `done` in the cycle after the group's last beat was added

    Latency: self.latency cycles from a group's last beat to `done`; a beat a cycle, no gaps needed
    between groups. The accumulator cannot overflow (width from the caller).
    """
    def __init__(self, pe, simd, bits, frac, accumulator_bits, lane_cls):
        self.activations = [Signal((bits, True)) for _ in range(simd)]
        self.weights     = []
        self.biases      = [Signal((bits, True)) for _ in range(pe)]
        self.valid       = Signal()
        self.first       = Signal()
        self.last        = Signal()
        self.sums        = [Signal((accumulator_bits, True), reset_less=True) for _ in range(pe)]
        self.done        = Signal()

        # # #

        for p in range(pe):
            products = []
            for i in range(simd):
                lane = lane_cls(bits)
                self.add_module(f"lane{p}_{i}", lane)
                self.weights.append(lane.b)
                self.comb += lane.a.eq(self.activations[i])
                products.append(lane.product)
            tree = AdderTree(products)
            self.add_module(f"tree{p}", tree)
            delay = lane_cls.LATENCY + tree.latency
            if p == 0:
                valid, first, last = self.delayed((self.valid, self.first, self.last), delay)
            addend = Signal((accumulator_bits, True))
            self.comb += addend.eq(Mux(first, self.biases[p] << frac, self.sums[p]))
            self.sync += If(valid, self.sums[p].eq(addend + tree.total))

        self.sync   += self.done.eq(valid & last)
        self.latency = delay + 1

    def delayed(self, signals, cycles):
        """The one-bit `signals`, each `cycles` cycles later."""
        for _ in range(cycles):
            registers  = [Signal() for _ in signals]
            self.sync += [register.eq(signal) for register, signal in zip(registers, signals)]
            signals    = registers
        return signals
