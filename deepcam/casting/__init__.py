"""Who wears whom: the caster, which foretells from what is around an erased face who would fit, and
the roles that hand out people to faces."""
