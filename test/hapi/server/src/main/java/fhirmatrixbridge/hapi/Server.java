package fhirmatrixbridge.hapi;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirVersionEnum;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.r5.JpaR5Config;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.jpa.topic.SubscriptionTopicConfig;
import ca.uhn.fhir.rest.server.RestfulServer;
import java.nio.file.Files;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/** HAPI FHIR's JPA server as HAPI makes it by default, with rest-hook Subscriptions (R5: topic-based), at /fhir. */
public final class Server {

  public static void main(String[] args) throws Exception {
    Logger.getLogger("").setLevel(Level.WARNING); // Tomcat's; HAPI's is in logback.xml
    Options options;
    try {
      options = Options.parse(args);
    } catch (IllegalArgumentException mistake) {
      System.err.println(mistake.getMessage());
      System.exit(2);
      return;
    }

    AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext();
    beans.registerBean(Options.class, () -> options);
    if (options.version() == FhirVersionEnum.R5) beans.register(JpaR5Config.class, SubscriptionTopicConfig.class);
    else beans.register(JpaR4Config.class);
    beans.register(
        ThreadPoolFactoryConfig.class,
        SubscriptionSubmitterConfig.class,
        SubscriptionProcessorConfig.class,
        SubscriptionChannelConfig.class,
        JpaBatch2Config.class,
        Batch2JobsConfig.class,
        ServerConfig.class);
    beans.refresh();

    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(Files.createTempDirectory("hapi-tomcat-").toString());
    tomcat.setHostname("127.0.0.1");
    tomcat.setPort(options.port());
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    // A system and its code are parted by it, and clients rarely encode it.
    tomcat.getConnector().setProperty("relaxedQueryChars", "|");
    Context web = tomcat.addContext("", null);
    Wrapper servlet = Tomcat.addServlet(web, "fhir", beans.getBean(RestfulServer.class));
    servlet.setLoadOnStartup(1);
    web.addServletMappingDecoded("/fhir/*", "fhir");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(tomcat, beans)));
    tomcat.start();
    tomcat.getServer().await();
  }

  private static void stop(Tomcat tomcat, AnnotationConfigApplicationContext beans) {
    try {
      tomcat.stop();
    } catch (Exception failure) {
      failure.printStackTrace();
    }
    beans.close();
  }
}
