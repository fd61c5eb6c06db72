"""The loop over batches, the optimiser, and the mean of the last weights."""
