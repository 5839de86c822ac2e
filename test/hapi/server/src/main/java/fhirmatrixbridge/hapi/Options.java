package fhirmatrixbridge.hapi;

import ca.uhn.fhir.context.FhirVersionEnum;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the command line says.
 *
 * @param port TCP port on 127.0.0.1
 * @param version R4 (default) or R5
 * @param database path of the H2 database file, or empty: in memory, gone with the process
 */
record Options(int port, FhirVersionEnum version, String database) {

  static final String USAGE = "Usage: Server --port <port> [--fhir R4|R5] [--database <file>]";

  /** @throws IllegalArgumentException when the arguments are no pairs of a known name and a value */
  static Options parse(String[] args) {
    if (args.length % 2 != 0) throw new IllegalArgumentException(USAGE);
    Map<String, String> values = new TreeMap<>();
    for (int i = 0; i < args.length; i += 2) values.put(args[i], args[i + 1]);
    String port = values.remove("--port");
    String version = values.remove("--fhir");
    String database = values.remove("--database");
    if (port == null || !values.isEmpty()) throw new IllegalArgumentException(USAGE);
    return new Options(
        Integer.parseInt(port),
        version == null ? FhirVersionEnum.R4 : FhirVersionEnum.valueOf(version),
        database == null ? "" : database);
  }

  /** In a file every commit is written at once: what was answered is there after a SIGKILL too. */
  String jdbcUrl() {
    return database.isEmpty()
        ? "jdbc:h2:mem:hapi;DB_CLOSE_DELAY=-1"
        : "jdbc:h2:file:" + database + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE";
  }
}
