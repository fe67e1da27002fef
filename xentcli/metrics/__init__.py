"""What is measured over blocks: states with three verbs, from_block, merge and compute."""
