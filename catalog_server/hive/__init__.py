"""The far side of Hive's wire: structs as the model's nouns, and clients of metastores that are not ours."""
