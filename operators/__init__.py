"""The rules: rows, records and kernels. Nothing here knows of files, clocks, networks or Bytewax."""
