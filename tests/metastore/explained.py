"""Exceptions that methods declare and no call of the suite provokes, each with the reason."""

from __future__ import annotations

EVERYWHERE = {
    "MetaException": "declared by almost every method for failures of the metastore's own database",
    "TException": "Thrift's own base of all exceptions, which no server sends",
}
"""Reasons that hold for every method that declares the exception."""

EXPLAINED: dict[tuple[str, str], str] = {
    ("create_or_drop_wm_trigger_to_pool_mapping", "AlreadyExistsException"): "to bind twice is to bind",
    ("drop_dataconnector_req", "InvalidOperationException"): "nobody looks for what uses a connector",
    ("get_indexes", "NoSuchObjectException"): "a table that is not there has no indexes",
    ("create_table_with_environment_context", "NoSuchObjectException"): "a missing database is an invalid object",
    ("delete_partition_column_statistics", "InvalidInputException"): "wrong names are MetaException or missing objects",
    (
        "delete_table_column_statistics",
        "InvalidInputException",
    ): "what is wrong with the names is told as a missing object",
    ("delete_table_column_statistics", "InvalidObjectException"): "a missing table is a missing object",
    ("get_fields", "UnknownDBException"): "a missing database is told as a missing table",
    ("get_schema", "UnknownDBException"): "a missing database is told as a missing table",
    ("set_aggr_stats_for", "InvalidInputException"): "wrong statistics are told as MetaException",
    ("set_aggr_stats_for", "InvalidObjectException"): "a missing table is a missing object",
    ("translate_table_dryrun", "AlreadyExistsException"): "nothing is made, so no name is taken",
    (
        "translate_table_dryrun",
        "InvalidObjectException",
    ): "a real server tells a bad definition of a dry run as MetaException",
    (
        "translate_table_dryrun",
        "NoSuchObjectException",
    ): "a real server tells a missing database of a dry run as MetaException",
    ("update_partition_column_statistics", "InvalidInputException"): "wrong statistics are told as MetaException",
    ("update_table_column_statistics", "InvalidInputException"): "wrong statistics are told as MetaException",
    ("update_table_column_statistics", "InvalidObjectException"): "a missing table is a missing object",
    ("update_table_column_statistics_req", "InvalidObjectException"): "a missing table is a missing object",
    ("abort_txns", "NoSuchTxnException"): "it passes over what is not open, as it may have ended meanwhile",
    ("check_lock", "NoSuchTxnException"): "a lock ends with its txn, so that it is the lock that is not known",
    ("check_lock", "TxnAbortedException"): "a lock ends with its txn, so that it is the lock that is not known",
    ("get_materialization_invalidation_info", "InvalidOperationException"): "neither Hive nor we raise it",
    ("get_materialization_invalidation_info", "UnknownDBException"): "tables are named and need not exist",
    ("get_valid_write_ids", "NoSuchTxnException"): "it takes a snapshot, not a txn",
    ("get_all_table_constraints", "NoSuchObjectException"): "a table that is not there has none, as on a real server",
    ("get_check_constraints", "NoSuchObjectException"): "a table that is not there has none, as on a real server",
    ("get_default_constraints", "NoSuchObjectException"): "a table that is not there has none, as on a real server",
    ("get_foreign_keys", "NoSuchObjectException"): "a table that is not there has none, as on a real server",
    ("get_not_null_constraints", "NoSuchObjectException"): "a table that is not there has none, as on a real server",
    ("get_primary_keys", "NoSuchObjectException"): "a table that is not there has none, as on a real server",
    ("get_unique_constraints", "NoSuchObjectException"): "a table that is not there has none, as on a real server",
    ("create_table_req", "NoSuchObjectException"): "what is missing makes the table an invalid object",
    ("create_table_with_constraints", "NoSuchObjectException"): "what is missing makes the table an invalid object",
    (
        "get_partitions_by_names",
        "InvalidObjectException",
    ): "a missing table is not found, as clients of any version know it",
    ("get_partitions_by_names_req", "InvalidObjectException"): "a missing table is not found, as by the older method",
    ("exchange_partitions", "InvalidObjectException"): "tables that do not fit are a MetaException on real servers too",
    ("exchange_partitions", "InvalidInputException"): "values that do not fit are a MetaException on real servers too",
    ("unlock", "NoSuchLockException"): "a lock that is gone has been given back",
}
"""Reasons by method and exception."""
