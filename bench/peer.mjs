// What one writes in Node in an afternoon: each line that comes is parsed, and written to all the others.
//	node peer.mjs SOCKET
import { createServer } from "node:net";
import { createInterface } from "node:readline";

const sockets = new Set();
createServer(socket => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket)).on("error", () => {});
  createInterface({ input: socket }).on("line", line => {
    const text = JSON.stringify(JSON.parse(line)) + "\n";
    for (const other of sockets) if (other !== socket) other.write(text);
  });
}).listen({ path: process.argv[2], backlog: 4096 });
