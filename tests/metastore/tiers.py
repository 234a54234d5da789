"""Which methods real clients call, read from the bytecode of their released jars."""

from __future__ import annotations

TIER_1 = frozenset(
    """
    abort_txn add_dynamic_partitions add_partition_with_environment_context add_partitions add_partitions_req
    allocate_table_write_ids alter_database alter_database_req alter_function alter_partition
    alter_partition_with_environment_context alter_partitions alter_partitions_req
    alter_partitions_with_environment_context alter_table_req alter_table_with_environment_context
    append_partition_by_name_with_environment_context append_partition_with_environment_context check_lock commit_txn
    create_database create_database_req create_function create_role create_table create_table_req
    create_table_with_constraints create_table_with_environment_context delete_partition_column_statistics
    delete_table_column_statistics drop_database drop_database_req drop_function drop_index_by_name drop_partition
    drop_partition_by_name_with_environment_context drop_partition_with_environment_context drop_role drop_table
    drop_table_req drop_table_with_environment_context fire_listener_event get_all_databases get_all_tables
    get_config_value get_database get_database_req get_databases get_delegation_token get_fields get_function
    get_functions get_indexes get_open_txns get_partition get_partition_by_name get_partition_names
    get_partition_names_ps get_partition_with_auth get_partitions get_partitions_by_filter get_partitions_by_names
    get_partitions_ps get_partitions_ps_with_auth get_partitions_statistics_req get_partitions_with_auth
    get_role_grants_for_principal get_role_names get_table get_table_meta get_table_names_by_filter
    get_table_objects_by_name get_table_objects_by_name_req get_table_req get_table_statistics_req get_tables
    get_tables_by_type get_valid_write_ids grant_revoke_privileges grant_revoke_role heartbeat heartbeat_txn_range
    list_privileges list_roles lock open_txns rename_partition set_ugi show_locks unlock
    update_partition_column_statistics update_table_column_statistics
    """.split()
)
"""Called by Spark 4.1, Trino 476, Iceberg 1.10 with clients of Hive 2.3 and 4.0, or PyIceberg 0.12."""
TIER_2 = frozenset(
    """
    abort_Compactions abort_txns add_check_constraint add_default_constraint add_foreign_key add_not_null_constraint
    add_primary_key add_unique_constraint add_write_ids_to_min_history add_write_notification_log
    add_write_notification_log_in_batch alter_dataconnector_req alter_resource_plan alter_table alter_wm_pool
    alter_wm_trigger append_partition_req cache_file_metadata cancel_delegation_token clear_file_metadata cm_recycle
    compact2 create_dataconnector_req create_or_drop_wm_trigger_to_pool_mapping create_or_update_wm_mapping
    create_resource_plan create_wm_pool create_wm_trigger drop_constraint drop_dataconnector_req drop_partition_req
    drop_partitions_req drop_resource_plan drop_wm_mapping drop_wm_pool drop_wm_trigger exchange_partitions
    fetch_partition_names_req getMetaConf get_active_resource_plan get_aggr_stats_for get_all_functions
    get_all_materialized_view_objects_for_rewriting get_all_resource_plans get_all_table_constraints
    get_all_write_event_info get_check_constraints get_current_notificationEventId get_dataconnector_req
    get_dataconnectors get_default_constraints get_foreign_keys get_latest_committed_compaction_info
    get_latest_txnid_in_conflict get_lock_materialization_rebuild get_materialization_invalidation_info
    get_next_notification get_not_null_constraints get_num_partitions_by_filter get_open_txns_info get_open_txns_req
    get_part_specs_by_filter get_partition_names_ps_req get_partition_names_req get_partition_req
    get_partitions_by_filter_req get_partitions_by_names_req get_partitions_ps_with_auth_req get_partitions_req
    get_partitions_spec_by_expr get_primary_keys get_principals_in_role get_privilege_set get_resource_plan
    get_unique_constraints grant_privileges heartbeat_lock_materialization_rebuild partition_name_has_valid_characters
    put_file_metadata rename_partition_req repl_tbl_writeid_state revoke_privileges scheduled_query_poll
    scheduled_query_progress setMetaConf set_aggr_stats_for show_compact translate_table_dryrun truncate_table
    truncate_table_req update_creation_metadata update_table_column_statistics_req update_transaction_statistics
    validate_resource_plan
    """.split()
)
"""Called by HiveServer2 4.0, Impala, Flink 1.20 or Presto, and by none of the first tier."""
