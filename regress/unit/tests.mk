UNIT_TESTS =
UNIT_TESTS += sbuf_test
UNIT_TESTS += ipc_test
UNIT_TESTS += imsgwire_test
UNIT_TESTS += keyset_test
UNIT_TESTS += tableimsg_test
UNIT_TESTS += tabletext_test
UNIT_TESTS += sandbox_test
