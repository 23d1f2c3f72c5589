"""Speed, as ratios against peers and floors that are measured in the same run.

``python -m benchmarks`` prints one table.  Whole processes run in turn (ours, peer, ours, peer, …),
so whatever else the machine does falls on both; medians are compared, never two absolute times of
different runs.
"""
