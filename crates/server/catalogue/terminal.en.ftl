# What the terminal's screen says in English.
