import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * Reads lines of "class version hex", lets Kafka's class read the bytes and write them again, and complains where they differ.
 * A program of one file: java -cp ... CompareBytes.java lines
 */
public class CompareBytes {
    public static void main(String[] args) throws Exception {
        int messages = 0;
        int differences = 0;
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            String[] words = line.split(" ", -1);
            String complaint = compare(words[0], Short.parseShort(words[1]), HexFormat.of().parseHex(words[2]));
            messages++;
            if (complaint != null) {
                differences++;
                System.out.println(line + ": " + complaint);
            }
        }
        System.out.println(messages + " messages read and written by Kafka's classes; " + differences + " differ");
        System.exit(differences == 0 ? 0 : 1);
    }

    static String compare(String name, short version, byte[] bytes) throws Exception {
        try {
            Message message = (Message) Class.forName(name).getConstructor().newInstance();
            ByteBuffer in = ByteBuffer.wrap(bytes);
            message.read(new ByteBufferAccessor(in), version);
            if (in.hasRemaining()) {
                return in.remaining() + " bytes are left";
            }
            ObjectSerializationCache cache = new ObjectSerializationCache();
            ByteBuffer out = ByteBuffer.allocate(message.size(cache, version));
            message.write(new ByteBufferAccessor(out), cache, version);
            out.flip();
            return out.equals(ByteBuffer.wrap(bytes)) ? null : "Kafka writes " + HexFormat.of().formatHex(out.array()) + " for " + message;
        } catch (RuntimeException refused) {
            return refused.toString();
        }
    }
}
