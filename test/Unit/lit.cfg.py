"""gtest programs, each test on its own."""

import os
import lit.formats

config.name = "hydragen-unit"
config.suffixes = []
config.test_exec_root = os.path.join(config.hydragen_build_dir, "test", "Unit", "programs")
os.makedirs(config.test_exec_root, exist_ok=True)
config.test_source_root = config.test_exec_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.environment["HYDRAGEN_SOURCE_DIR"] = config.hydragen_source_dir
config.environment["HYDRAGEN_BUILD_DIR"] = config.hydragen_build_dir
