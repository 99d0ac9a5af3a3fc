UNIT_TESTS =
UNIT_TESTS += sbuf_test
UNIT_TESTS += ipc_test
