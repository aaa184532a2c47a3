"""The front: the only process with an open port. It verifies, stores, acknowledges and hands over.

It holds the devices' public keys, a spool of sealed envelopes and a key that signs stored
acknowledgements. It holds no key that opens anything.
"""
