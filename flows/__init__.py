"""Wiring: the graph, the fused driver over the same kernels, and the command line."""
