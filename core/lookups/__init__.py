"""Lists of named values that the tenant's administrator keeps."""
