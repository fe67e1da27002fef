"""What belongs to the same row: axes, shift, class names, counts of shards. Hands out steps."""
