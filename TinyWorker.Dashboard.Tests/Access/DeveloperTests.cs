using System.Net;
using Microsoft.AspNetCore.Builder;

namespace TinyWorker.Dashboard.Tests.Access;

/// <summary>The one exception: who develops, at the machine itself, without a proxy between.</summary>
internal sealed class DeveloperTests
{
    [TestCase("localhost")]
    [TestCase("LOCALHOST:5000")]
    [TestCase("127.0.0.1")]
    [TestCase("127.0.0.1:81")]
    [TestCase("[::1]")]
    [TestCase("[::1]:5000")]
    public async Task Request_OfADeveloper_IsAnswered(string host) =>
        Assert.That(await StatusAsync(host: host), Is.EqualTo(HttpStatusCode.OK));

    [TestCase("::1")]
    [TestCase("127.0.0.9")]
    [TestCase("::ffff:127.0.0.1")]
    public async Task Request_LoopbackPeer_IsAnswered(string peer) =>
        Assert.That(await StatusAsync(peer: peer), Is.EqualTo(HttpStatusCode.OK));

    [TestCase("Production")]
    [TestCase("Staging")]
    public async Task Request_OtherEnvironment_IsRefused(string environment) =>
        Assert.That(await StatusAsync(environment: environment), Is.EqualTo(HttpStatusCode.Forbidden));

    [TestCase("")]
    [TestCase("10.0.0.1")]
    [TestCase("::")]
    [TestCase("0.0.0.0")]
    [TestCase("fe80::1")]
    [TestCase("::ffff:10.0.0.1")]
    public async Task Request_PeerElsewhereOrUnknown_IsRefused(string peer) =>
        Assert.That(await StatusAsync(peer: peer), Is.EqualTo(HttpStatusCode.Forbidden));

    [TestCase("example.com")]
    [TestCase("localhost.example.com")]
    [TestCase("127.0.0.1.nip.io")]
    [TestCase("notlocalhost")]
    [TestCase("127.0.0.2")]
    [TestCase("[::2]")]
    public async Task Request_OtherHost_IsRefused(string host) =>
        Assert.That(await StatusAsync(host: host), Is.EqualTo(HttpStatusCode.Forbidden));

    [TestCase("X-Forwarded-For")]
    [TestCase("x-forwarded-proto")]
    [TestCase("X-Forwarded-Host")]
    [TestCase("X-Forwarded-Prefix")]
    [TestCase("X-Forwarded-Anything")]
    [TestCase("Forwarded")]
    [TestCase("Via")]
    [TestCase("X-Real-IP")]
    [TestCase("X-Original-For")]
    [TestCase("X-Original-Host")]
    [TestCase("CF-Connecting-IP")]
    [TestCase("True-Client-IP")]
    public async Task Request_ThroughAProxy_IsRefused(string header) =>
        Assert.That(await StatusAsync(header: header), Is.EqualTo(HttpStatusCode.Forbidden));

    [Test]
    public async Task State_OfADeveloper_MayControl()
    {
        await using var site = await StartAsync("Development", null);
        var text = await site.Client.GetStringAsync("/troupes/state");
        Assert.That(text, Does.Contain("\"mayControl\":true").And.Contain("\"token\":\""));
    }

    private static Task<Site> StartAsync(string environment, string? peer) => Site.StartAsync(
        application =>
        {
            if (peer is not null)
            {
                application.Use((context, next) =>
                {
                    context.Connection.RemoteIpAddress = peer.Length == 0 ? null : IPAddress.Parse(peer);
                    return next(context);
                });
            }

            application.MapTinyTroupes(configure: options => options.AllowControl = true);
        },
        environment);

    private static async Task<HttpStatusCode> StatusAsync(
        string environment = "Development", string? peer = null, string? host = null, string? header = null)
    {
        await using var site = await StartAsync(environment, peer);
        var response = await site.GetAsync("/troupes/state", request =>
        {
            if (host is not null) request.Headers.Host = host;
            if (header is not null) request.Headers.TryAddWithoutValidation(header, "for=10.0.0.1");
        });
        return response.StatusCode;
    }
}
