"""Names of functions that Trino has and the embedded engine does not serve, so that the refusal can say so."""

from __future__ import annotations

KNOWN = frozenset(
    """
    approx_most_frequent approx_set array_histogram bar beta_cdf bitwise_right_shift_arithmetic checksum color
    combinations contains_sequence cosine_distance cosine_similarity crc32 current_groups dot_product
    empty_approx_set euclidean_distance exclude_columns format_number from_base32 from_base64url
    from_big_endian_32 from_big_endian_64 from_ieee754_32 from_ieee754_64 from_iso8601_timestamp_nanos
    hash_counts hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 human_readable_seconds intersection_cardinality
    inverse_beta_cdf inverse_normal_cdf jaccard_index kurtosis luhn_check make_set_digest map_union
    map_zip_with merge merge_set_digest multimap_from_entries murmur3 ngrams normal_cdf numeric_histogram
    parse_data_size parse_presto_data_size qdigest_agg quantile_at_value reduce_agg regexp_position render rgb
    sha512 skewness soundex split_to_multimap spooky_hash_v2_32 spooky_hash_v2_64 t_cdf t_pdf tdigest_agg
    timezone_hour timezone_minute to_base32 to_base64url to_big_endian_32 to_big_endian_64 to_ieee754_32
    to_ieee754_64 value_at_quantile values_at_quantiles wilson_interval_lower wilson_interval_upper word_stem
    xxhash64
    """.split()
)
