"""The process and its machine: output, threads, where settings come from. Nothing that speaks to a server."""
