// RUN: hydragen-opt %s -split-input-file -verify-diagnostics

// One function per way to break a constraint of docs/spec.md; its name starts
// with the constraint's label.

// expected-error @+1 {{expected a key range that is not negative but got -1 and 8}}
func.func private @segment_c1_begin() attributes {a = #hydragen.segment<begin = -1, size = 8, keys = [affine_map<(n) -> (n)>], value = affine_map<(n) -> (n)>>}

// -----

// expected-error @+1 {{expected a key range that is not negative but got 0 and -8}}
func.func private @segment_c1_size() attributes {a = #hydragen.segment<begin = 0, size = -8, keys = [affine_map<(n) -> (n)>], value = affine_map<(n) -> (n)>>}

// -----

// expected-error @+1 {{expected rows that are not negative but got -3 and ?}}
func.func private @segment_c2() attributes {a = #hydragen.segment<begin = 0, size = 8, rows = [[0, 2], [-3, ?]], keys = [affine_map<(n) -> (n)>], value = affine_map<(n) -> (n)>>}

// -----

// expected-error @+1 {{expected an affine map per score term and one for the value}}
func.func private @segment_c3() attributes {a = #hydragen.segment<begin = 0, size = 8, keys = [1], value = affine_map<(n) -> (n)>>}

// -----

// expected-error @+1 {{missing field value}}
func.func private @segment_missing() attributes {a = #hydragen.segment<begin = 0, size = 8, keys = [affine_map<(n) -> (n)>]>}

// -----

// expected-error @+1 {{repeated field begin}}
func.func private @segment_repeated() attributes {a = #hydragen.segment<begin = 0, begin = 1, size = 8, keys = [affine_map<(n) -> (n)>], value = affine_map<(n) -> (n)>>}

// -----

// expected-error @+1 {{unknown field length}}
func.func private @segment_unknown() attributes {a = #hydragen.segment<begin = 0, length = 8, keys = [affine_map<(n) -> (n)>], value = affine_map<(n) -> (n)>>}

// -----

// expected-error @+1 {{expected 2 [offset, size] pairs in each piece}}
func.func private @cover_c1() attributes {a = #hydragen.cover<rows = [4], keys = 8, pieces = [[[0, 4], [0, 4], [4, 4]]]>}

// -----

// expected-error @+1 {{expected a positive cap but got -2.000000e+00 : f32}}
func.func private @softcap_c1() attributes {a = #hydragen.softcap<-2.0 : f32>}

// -----

// expected-error @+1 {{expected a positive cap but got 0.000000e+00 : f64}}
func.func private @softcap_c1_zero() attributes {a = #hydragen.softcap<0.0 : f64>}

// -----

// expected-error @+1 {{expected a positive cap but got 0x7FC00000 : f32}}
func.func private @softcap_c1_nan() attributes {a = #hydragen.softcap<0x7FC00000 : f32>}

// -----

// expected-error @+1 {{'func.func' op "hydragen.alias_output" refers to result 1 of 1}}
func.func private @alias_output_c1(tensor<2xf32> {hydragen.alias_output = 1 : i64}) -> tensor<2xf32>

// -----

// expected-error @+1 {{'func.func' op "hydragen.alias_output" refers to result -1 of 1}}
func.func private @alias_output_c1_negative(tensor<2xf32> {hydragen.alias_output = -1 : i64}) -> tensor<2xf32>

// -----

// expected-error @+1 {{'func.func' op "hydragen.alias_output" expects equal types but argument 0 is 'tensor<2xf32>' and result 0 is 'tensor<3xf32>'}}
func.func private @alias_output_c2(tensor<2xf32> {hydragen.alias_output = 0 : i64}) -> tensor<3xf32>

// -----

// expected-error @+1 {{'func.func' op "hydragen.alias_output" expects a function and an integer}}
func.func private @alias_output_type(tensor<2xf32> {hydragen.alias_output = "0"}) -> tensor<2xf32>

// -----

// expected-error @+1 {{'func.func' op unknown argument attribute "hydragen.alias"}}
func.func private @alias_output_name(tensor<2xf32> {hydragen.alias = 0 : i64}) -> tensor<2xf32>

// -----

// expected-error @+1 {{expected a key range within 64 bits but got 9223372036854775807 and 1}}
func.func private @segment_c1_end() attributes {a = #hydragen.segment<begin = 9223372036854775807, size = 1, keys = [affine_map<(n) -> (n)>], value = affine_map<(n) -> (n)>>}

// -----

// expected-error @+1 {{expected rows within 64 bits but got 9223372036854775800 and 8}}
func.func private @segment_c2_end() attributes {a = #hydragen.segment<begin = 0, size = 1, rows = [[9223372036854775800, 8]], keys = [affine_map<(n) -> (n)>], value = affine_map<(n) -> (n)>>}

// -----

// expected-error @+1 {{expected keys in order and numbers that are not negative}}
func.func private @segment_record_c1_keys() attributes {a = #hydragen.segment_record<keys = [8, 7], shared_by = own, groups = 1, sequences = 1, level = 0, rows = [], copies_over = []>}

// -----

// expected-error @+1 {{expected keys in order and numbers that are not negative}}
func.func private @segment_record_c1_groups() attributes {a = #hydragen.segment_record<keys = [0, 8], shared_by = own, groups = -1, sequences = 1, level = 0, rows = [], copies_over = []>}

// -----

// expected-error @+1 {{expected keys in order and numbers that are not negative}}
func.func private @segment_record_c1_level() attributes {a = #hydragen.segment_record<keys = [0, 8], shared_by = own, groups = 1, sequences = 1, level = -1, rows = [], copies_over = []>}

// -----

// expected-error @+1 {{expected rows within their extent}}
func.func private @segment_record_c2() attributes {a = #hydragen.segment_record<keys = [0, 8], shared_by = own, groups = 1, sequences = 1, level = 0, rows = [[0, 4, 4], [2, 5, 4]], copies_over = []>}

// -----

// expected-error @+1 {{expected rows within their extent}}
func.func private @segment_record_c2_order() attributes {a = #hydragen.segment_record<keys = [0, 8], shared_by = own, groups = 1, sequences = 1, level = 0, rows = [[3, 2, 4]], copies_over = []>}

// -----

// expected-error @+1 {{expected ascending numbers of rows but got 1 of 1}}
func.func private @segment_record_c3() attributes {a = #hydragen.segment_record<keys = [0, 8], shared_by = own, groups = 1, sequences = 1, level = 0, rows = [[0, 4, 4]], copies_over = [1]>}

// -----

// expected-error @+1 {{expected ascending numbers of rows but got 0 of 2}}
func.func private @segment_record_c3_order() attributes {a = #hydragen.segment_record<keys = [0, 8], shared_by = own, groups = 1, sequences = 1, level = 0, rows = [[0, 4, 4], [0, 4, 4]], copies_over = [1, 0]>}

// -----

// expected-error @+1 {{expected a reason code for an attention that is not shared, and for no other}}
func.func private @attention_record_c1() attributes {a = #hydragen.attention_record<location = loc(unknown), outcome = plain, reason_code = "", reason = "", segments = [], bytes = [1, 1], guarded = false>}

// -----

// expected-error @+1 {{expected a reason code for an attention that is not shared, and for no other}}
func.func private @attention_record_c1_shared() attributes {a = #hydragen.attention_record<location = loc(unknown), outcome = shared, reason_code = "nothing-shared", reason = "", segments = [], bytes = [1, 1], guarded = false>}

// -----

// expected-error @+1 {{expected numbers of bytes and two predictions or none}}
func.func private @attention_record_c2() attributes {a = #hydragen.attention_record<location = loc(unknown), outcome = shared, reason_code = "", reason = "", segments = [], bytes = [-1, 1], guarded = false>}

// -----

// expected-error @+1 {{expected a segment_record}}
func.func private @attention_record_segments() attributes {a = #hydragen.attention_record<location = loc(unknown), outcome = shared, reason_code = "", reason = "", segments = [1], bytes = [1, 1], guarded = false>}

// -----

// expected-error @+1 {{'func.func' op "hydragen.records" expects an array of attention_record}}
func.func private @records_c1() attributes {hydragen.records = [1]}

// -----

// expected-error @+1 {{expected positive speeds but got 0}}
func.func private @cpu_target_c1() attributes {a = #hydragen.cpu_target<vector_bits = 512, product = 0, few = 7, dot = 3, exponentials = 2, bandwidth = 1, copy = 5, launch = 0, row = 6>}

// -----

// expected-error @+1 {{expected times that are not negative but got 0 and -1}}
func.func private @cpu_target_c2() attributes {a = #hydragen.cpu_target<vector_bits = 512, product = 4, few = 7, dot = 3, exponentials = 2, bandwidth = 1, copy = 5, launch = 0, row = -1>}
