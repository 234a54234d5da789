"""Files: file systems, formats and table layouts, without knowing of any catalog row."""
