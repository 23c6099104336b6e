"""Pictures for people that are not of audio: the family tree, and the lettering that they share."""
