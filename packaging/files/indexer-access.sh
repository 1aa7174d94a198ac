
# The indexer reads nothing that is not its own.
give_access() {
  :
}

forget_access() {
  :
}
