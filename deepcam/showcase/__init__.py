"""People who do not exist, as portraits and on film, and what is shown and measured with them: the
demonstration and the benchmark."""
