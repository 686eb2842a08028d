"""How accounts are connected to TikTok: by whom, with which scopes, until when; their tokens are in the vault."""
