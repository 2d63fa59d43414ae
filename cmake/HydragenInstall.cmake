# find_package(Hydragen) for projects outside this tree.
