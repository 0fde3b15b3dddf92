"""The accelerator: a dataflow pipeline, one stage a layer, folded to PE x SIMD multipliers."""
