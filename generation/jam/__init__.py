"""Jam rooms: where takes build on each other in one tempo, key and number of bars. Rules only: no Discord, no SQL.

Every rule takes a frozen Room and gives a new one, or raises RequestRefused with its sentence; it reads no clock and
draws nothing, so that the ledger may run it again when two people change a room at once.
"""
