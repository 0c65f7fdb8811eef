"""The benchmark suite: each figure beside a bound or a peer that was measured in the same run. `make bench`."""
