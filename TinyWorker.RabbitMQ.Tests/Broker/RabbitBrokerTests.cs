namespace TinyWorker.RabbitMQ.Tests.Broker;

public sealed class RabbitBrokerTests
{
    [TestCase("amqp://host", "host:5672 (virtual host '/')", "guest", "guest")]
    [TestCase("amqp://host/", "host:5672 (virtual host '/')", "guest", "guest")]
    [TestCase("amqp://host:1234/shop", "host:1234 (virtual host 'shop')", "guest", "guest")]
    [TestCase("amqp://ann:s%40crt@10.0.0.1/%2f", "10.0.0.1:5672 (virtual host '/')", "ann", "s@crt")]
    [TestCase("amqp://ann:a:b@host", "host:5672 (virtual host '/')", "ann", "a:b")]
    [TestCase("amqp://ann@host/a%2Fb", "host:5672 (virtual host 'a/b')", "ann", "")]
    [TestCase("amqp://[::1]:5673/", "[::1]:5673 (virtual host '/')", "guest", "guest")]
    public async Task Uri_OfABroker_IsReadInAllItsParts(string uri, string text, string user, string password)
    {
        RabbitBroker broker = uri;
        Assert.That(broker.ToString(), Is.EqualTo(text));
        Assert.That(await broker.Credentials(default), Is.EqualTo(new RabbitCredentials(user, password)));
        Assert.That(broker.Tls, Is.Null);
        Assert.That(((RabbitBroker)new Uri(uri)).ToString(), Is.EqualTo(text));
    }

    [Test]
    public void Uri_WithTls_HasItsPortAndChecksTheNameOfTheHost()
    {
        RabbitBroker broker = "amqps://rabbit.example";
        Assert.That(broker.Endpoints, Is.EqualTo(new[] { new RabbitEndpoint("rabbit.example", RabbitBroker.DefaultTlsPort) }));
        Assert.That(broker.Tls!.Enabled);
        Assert.That(broker.Tls.ServerName, Is.EqualTo("rabbit.example"));
    }

    [TestCase("http://ann:secret1@host/")]
    [TestCase("ann:secret1@host")]
    [TestCase("amqp://ann:secret1@host/a/b")]
    [TestCase("amqp:///secret1")]
    [TestCase("amqp://ann:12#secret1@host/")]
    [TestCase("amqp://ann:12?secret1@host/")]
    [TestCase("")]
    public void Uri_OfSomethingElse_IsRefusedWithoutItsText(string uri)
    {
        var error = Assert.Throws<ArgumentException>(() => _ = (RabbitBroker)uri)!;
        Assert.That(error.ToString(), Does.Not.Contain("secret1"));
        Assert.That(error.ParamName, Is.EqualTo("uri"));
    }

    [Test]
    public void Uri_ThatIsNull_IsRefused()
    {
        Assert.That(() => _ = (RabbitBroker)(string)null!, Throws.ArgumentNullException);
        Assert.That(() => RabbitBroker.FromUri(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void Text_OfBrokerAndCredentials_NeverHasThePassword()
    {
        RabbitBroker broker = "amqp://ann:secret1@host/";
        Assert.That($"{broker} {new RabbitCredentials("ann", "secret1")}", Does.Not.Contain("secret1"));
    }
}
