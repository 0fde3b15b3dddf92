// Copyright (c) 2026, the contributors to this project
// SPDX-License-Identifier: BSD-2-Clause

/* What every simulation module needs: its JSON arguments, checked, and its pads.
 *
 * LiteX compiles one <name>.c a module, so these are inline functions in a header. A bad argument
 * gives one line on stderr that names the module, the argument and what is allowed; the caller then
 * returns an error from new_sess, and the simulation ends with a non-zero status. */
#ifndef SIM_MODULE_H
#define SIM_MODULE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "error.h"
#include "modules.h"

/* Arguments ---------------------------------------------------------------------------------- */

/* Parses `args` (NULL: no arguments) into an object; NULL after a message when it is not an object
 * or has a key that is not in `known` (a list that ends with NULL). */
static inline json_object *sim_args_parse(const char *module, const char *args,
                                          const char *const *known) {
    json_object *object = json_tokener_parse(args ? args : "{}");
    if (!json_object_is_type(object, json_type_object)) {
        fprintf(stderr, "%s: arguments %s are not a JSON object\n", module, args);
        json_object_put(object);
        return NULL;
    }
    json_object_object_foreach(object, key, value) {
        const char *const *name = known;
        (void)value;
        while (*name && strcmp(*name, key)) name++;
        if (*name) continue;
        fprintf(stderr, "%s: unknown argument \"%s\"; allowed:", module, key);
        for (name = known; *name; name++) fprintf(stderr, " %s", *name);
        fprintf(stderr, "\n");
        json_object_put(object);
        return NULL;
    }
    return object;
}

/* Number in [low, high]; `value` keeps its default where the argument is absent. */
static inline int sim_arg_number(const char *module, json_object *args, const char *key, double low,
                                 double high, bool whole, double *value) {
    json_object *item;
    if (!json_object_object_get_ex(args, key, &item)) return RC_OK;
    bool   is_int = json_object_is_type(item, json_type_int);
    double number = json_object_get_double(item);
    if ((is_int || (!whole && json_object_is_type(item, json_type_double))) && number >= low &&
        number <= high) {
        *value = number;
        return RC_OK;
    }
    fprintf(stderr, "%s: %s must be a %snumber from %.12g to %.12g, got %s\n", module, key,
            whole ? "whole " : "", low, high,
            json_object_to_json_string_ext(item, JSON_C_TO_STRING_PLAIN));
    return RC_JSERROR;
}

/* Text, copied (the caller frees it); `value` keeps its default where the argument is absent. */
static inline int sim_arg_text(const char *module, json_object *args, const char *key,
                               char **value) {
    json_object *item;
    if (!json_object_object_get_ex(args, key, &item)) return RC_OK;
    if (!json_object_is_type(item, json_type_string)) {
        fprintf(stderr, "%s: %s must be a text, got %s\n", module, key,
                json_object_to_json_string_ext(item, JSON_C_TO_STRING_PLAIN));
        return RC_JSERROR;
    }
    free(*value);
    *value = strdup(json_object_get_string(item));
    return *value ? RC_OK : RC_NOENMEM;
}

/* Pads ----------------------------------------------------------------------------------------- */

/* Verilator keeps signals of up to 8 bits in one byte each. */
struct pad_wanted {
    const char *name;
    uint8_t   **signal;
};

/* Finds every pad of `wanted` (which ends with a NULL name); names the one that is missing. */
static inline int sim_pads_get(const char *module, const struct pad_list_s *list,
                               const struct pad_wanted *wanted) {
    for (; wanted->name; wanted++) {
        const struct pad_s *pad = list->pads;
        while (pad->name && strcmp(pad->name, wanted->name)) pad++;
        if (!pad->name || pad->len > 8) {
            fprintf(stderr, "%s: pads \"%s\" need a signal \"%s\" of at most 8 bits\n", module,
                    list->name, wanted->name);
            return RC_ERROR;
        }
        *wanted->signal = pad->signal;
    }
    return RC_OK;
}

#endif
