// A program that ends at once: its settings are wrong and it says so.
console.error("cannot start: DATABASE_URL is not set");
process.exit(1);
