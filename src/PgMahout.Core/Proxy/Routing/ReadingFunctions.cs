namespace PgMahout.Core.Proxy.Routing;

/// <summary>
/// The functions of PostgreSQL that may run on a standby: immutable or stable, or changing by nature without a trace
/// (random, clock_timestamp), and not about the very server that runs them. A test holds the list against pg_proc.
/// What is not here goes to the primary.
/// </summary>
internal static class ReadingFunctions
{
    public const string Names = """
        abs acos acosd acosh age area array_agg array_append array_cat array_dims array_fill array_length array_lower
        array_ndims array_position array_positions array_prepend array_remove array_replace array_sample array_shuffle
        array_reverse array_sort array_to_json array_to_string array_to_tsvector array_upper ascii asin asind asinh
        atan atan2 atan2d atand atanh avg
        any_value bit_and bit_count bit_length bit_or bit_xor bool bool_and bool_or bound_box box broadcast btrim
        cardinality casefold cbrt ceil ceiling center char_length character_length chr circle clock_timestamp
        col_description concat concat_ws convert convert_from convert_to corr cos cosd cosh cot cotd count covar_pop
        covar_samp crc32 crc32c cume_dist current_database current_schema current_schemas
        date date_add date_bin date_part date_subtract date_trunc datemultirange daterange decode degrees dense_rank
        diagonal diameter div
        encode enum_first enum_last enum_range erf erfc every exp
        factorial family first_value float4 float8 floor format format_type
        gamma gcd gen_random_uuid generate_series generate_subscripts get_bit get_byte get_current_ts_config
        has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege
        has_function_privilege has_language_privilege has_parameter_privilege has_schema_privilege
        has_sequence_privilege has_server_privilege has_table_privilege has_tablespace_privilege has_type_privilege
        hashtext hashtextextended height host hostmask
        inet_merge inet_same_family initcap int2 int4 int4multirange int4range int8 int8multirange int8range
        is_normalized isclosed isempty isfinite ishorizontal isopen isparallel isperp isvertical
        json_agg json_agg_strict json_array_elements json_array_elements_text json_array_length json_build_array
        json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object
        json_object_agg json_object_agg_strict json_object_agg_unique json_object_keys json_populate_record
        json_populate_recordset json_strip_nulls json_to_record json_to_recordset json_to_tsvector json_typeof
        jsonb_agg jsonb_agg_strict jsonb_array_elements jsonb_array_elements_text jsonb_array_length
        jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text
        jsonb_insert jsonb_object jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_keys
        jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query
        jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz
        jsonb_path_query_tz jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax
        jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_to_tsvector jsonb_typeof justify_days
        justify_hours justify_interval
        lag lcm lead left length lgamma like line ln log log10 lower lower_inc lower_inf lpad lseg ltrim
        macaddr8_set7bit make_date make_interval make_time make_timestamp make_timestamptz masklen max md5 min
        min_scale mod mode multirange
        name netmask network notlike now npoints nth_value ntile num_nonnulls num_nulls nummultirange numnode
        numrange
        obj_description octet_length oid overlaps overlay
        parse_ident path pclose percent_rank percentile_cont percentile_disc pg_char_to_encoding pg_client_encoding
        pg_collation_is_visible pg_column_compression pg_column_size pg_conversion_is_visible pg_describe_object
        pg_encoding_to_char pg_function_is_visible pg_get_constraintdef pg_get_expr pg_get_function_arg_default
        pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result pg_get_functiondef
        pg_get_function_sqlbody pg_get_indexdef pg_get_keywords pg_get_partition_constraintdef pg_get_partkeydef
        pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef pg_get_triggerdef pg_get_userbyid
        pg_get_viewdef pg_has_role pg_identify_object pg_index_column_has_property pg_index_has_property
        pg_indexam_has_property pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible
        pg_options_to_table pg_partition_root pg_relation_is_publishable pg_size_bytes pg_size_pretty
        pg_statistics_obj_is_visible pg_table_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible
        pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible pg_typeof pg_wal_lsn_diff
        phraseto_tsquery pi plainto_tsquery point polygon popen position pow power
        querytree quote_ident quote_literal quote_nullable
        radians radius random random_normal range_agg range_intersect_agg range_merge rank regexp_count regexp_instr
        regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table
        regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
        repeat replace reverse right round row_number row_security_active row_to_json rpad rtrim
        scale set_bit set_byte set_masklen setweight sha224 sha256 sha384 sha512 shobj_description sign sin sind sinh
        slope split_part sqrt starts_with statement_timestamp stddev stddev_pop stddev_samp string_agg
        string_to_array string_to_table strip strpos substr substring sum
        tan tand tanh text timeofday timestamptz timezone to_ascii to_bin to_char to_date to_hex to_json to_jsonb
        to_number to_oct to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc
        to_regprocedure to_regrole to_regtype to_regtypemod to_timestamp to_tsquery to_tsvector
        transaction_timestamp translate trim_array trim_scale trunc ts_delete ts_filter ts_headline ts_lexize ts_rank
        ts_rank_cd tsmultirange tsquery_phrase tsrange tstzmultirange tstzrange tsvector_to_array
        unicode_assigned unistr unnest upper upper_inc upper_inf uuid_extract_timestamp uuid_extract_version uuidv4
        uuidv7
        var_pop var_samp variance version
        websearch_to_tsquery width width_bucket
        xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlagg xmlcomment xmltext xpath
        xpath_exists
        """;

    /// <summary>
    /// System catalogs and views that every member has alike. Others that begin with pg_ are about one server: its
    /// activity, locks, settings, slots; pg_sequences and pg_sequence_last_value are ahead on standbys.
    /// </summary>
    public const string Catalogs = """
        pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_authid pg_cast pg_catalog
        pg_class pg_collation pg_constraint pg_conversion pg_database pg_db_role_setting pg_default_acl pg_depend
        pg_description pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_server
        pg_foreign_table pg_group pg_index pg_indexes pg_inherits pg_init_privs pg_language pg_largeobject
        pg_largeobject_metadata pg_matviews pg_namespace pg_opclass pg_operator pg_opfamily pg_parameter_acl
        pg_partitioned_table pg_policies pg_policy pg_proc pg_publication pg_publication_namespace pg_publication_rel
        pg_publication_tables pg_range pg_rewrite pg_roles pg_rules pg_seclabel pg_seclabels pg_sequence pg_shadow
        pg_shdepend pg_shdescription pg_shseclabel pg_statistic pg_statistic_ext pg_statistic_ext_data pg_stats
        pg_stats_ext pg_stats_ext_exprs pg_subscription pg_subscription_rel pg_tables pg_tablespace pg_transform
        pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_type pg_user
        pg_user_mapping pg_user_mappings pg_views
        """;
}
