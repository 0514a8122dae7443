// A program that runs and never listens, as one that waits for something that does not come.
console.log("waiting for a migration that nobody started");
setInterval(() => {}, 60_000);
