"""A programme of many targets, run on a cluster by Dask."""
