"""The stand-ins: services that live on loopback, for ``voicejob demo`` and for the tests."""
