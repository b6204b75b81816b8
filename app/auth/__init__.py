"""Sessions and tokens: who is asking, and for how long they may."""
