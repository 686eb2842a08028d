"""What leaves this machine: the ledger of effects and the only code that may call a provider's write modules."""
