"""The Hive Metastore protocol: Thrift, as the metastores of Hive 1.2 to 4.2 speak it."""
