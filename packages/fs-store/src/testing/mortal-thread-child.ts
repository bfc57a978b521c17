/** A thread for the folders that dies soon after it was started, in the middle of whatever it does. */
import '../view-thread';

// In a thread this ends the thread alone.
setTimeout(() => process.exit(1), 50);
