"""Who is measured. Each is a program that gets ready, says so, waits for a line, works, and tells what came of it."""
