"""Audio in and out: decode, analyse, finish, encode, picture."""
