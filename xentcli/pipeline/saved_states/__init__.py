"""What runs keep in files for `xent merge`: made of a run, merged, and made a result again."""
