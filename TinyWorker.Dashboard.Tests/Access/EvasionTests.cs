using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace TinyWorker.Dashboard.Tests.Access;

/// <summary>Ways around the authorization that somebody might try, or an application might open without meaning to.</summary>
internal sealed class EvasionTests
{
    // Applications that try a policy out let a failure pass, and log it.
    [Test]
    public async Task Request_PolicyFailedAndTheApplicationLetItPass_IsRefused()
    {
        await using var site = await Site.StartAsync(
            application => application.MapTinyTroupes(configure: options => options.AllowControl = true)
                .RequireAuthorization(policy => policy.RequireRole("admin")),
            services: services => Site.AddUsers(services).AddSingleton<IAuthorizationMiddlewareResultHandler, LetPass>());
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await site.GetAsync("/troupes/state", user: "ann")).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That((await site.GetAsync("/troupes/state", user: "ann:admin")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        });
    }

    // The framework lets AllowAnonymous win, however far away it is: the policy of the dashboard is not evaluated then.
    [Test]
    public async Task Request_PolicyOfTheDashboardInAGroupForEverybody_IsRefused()
    {
        await using var site = await Site.StartAsync(
            application => application.MapGroup("").AllowAnonymous()
                .MapTinyTroupes().RequireAuthorization(policy => policy.RequireRole("admin")),
            services: services => Site.AddUsers(services));
        Assert.That((await site.GetAsync("/troupes/state")).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task Request_DashboardForEverybodyInAGroupWithAPolicy_IsAnswered()
    {
        await using var site = await Site.StartAsync(
            application => application.MapGroup("").RequireAuthorization().MapTinyTroupes().AllowAnonymous(),
            services: services => Site.AddUsers(services));
        Assert.That((await site.GetAsync("/troupes/state")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Request_AuthorizationBeforeRouting_IsNotAnswered([Values] bool hasFallback)
    {
        await using var site = await Site.StartAsync(
            application =>
            {
                application.UseAuthentication();
                application.UseAuthorization();
                application.UseRouting();
                application.MapTinyTroupes().RequireAuthorization(policy => policy.RequireRole("admin"));
            },
            services: services =>
            {
                var builder = Site.AddUsers(services).AddAuthorizationBuilder();
                if (hasFallback) builder.SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
                services.Configure<RouteOptions>(options => options.SuppressCheckForUnhandledSecurityMetadata = true);
            });
        Assert.That((await site.GetAsync("/troupes/state", user: "ann")).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [TestCase("GET /troupes/state HTTP/1.1\r\nHost: localhost.evil.com\r\n")]
    [TestCase("GET /troupes/state HTTP/1.1\r\nHost: localhost:80@evil\r\n")]
    [TestCase("GET /troupes/state HTTP/1.1\r\nHost: evil@localhost\r\n")]
    [TestCase("GET /troupes/state HTTP/1.1\r\nHost: localhost, evil\r\n")]
    [TestCase("GET /troupes/state HTTP/1.1\r\nHost:\r\n")]
    [TestCase("GET /troupes/state HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n")]
    [TestCase("GET http://evil/troupes/state HTTP/1.1\r\nHost: localhost\r\n")]
    [TestCase("GET /troupes/state HTTP/1.0\r\n")]
    [TestCase("GET /troupes/state HTTP/1.0\r\nHost: localhost\r\n")]   // nginx, as it is without configuration
    [TestCase("GET /troupes/state HTTP/1.1\r\nHost: localhost\r\nOrigin: http://troupes.example\r\nSec-Fetch-Site: same-origin\r\n")]
    public async Task Request_OfNoDeveloper_IsNotAnswered(string request)
    {
        await using var site = await Site.StartAsync(application => application.MapTinyTroupes(), "Development");
        Assert.That(await RawAsync(site, request), Does.Not.Contain(" 200 "));
    }

    [TestCase("GET /TROUPES//state")]
    [TestCase("GET /troupes/./state")]
    [TestCase("GET /troupes/%73tate")]
    [TestCase("GET /x/../troupes/state")]
    [TestCase("GET /troupes/state/")]
    [TestCase("GET /troupes/state%2f")]
    [TestCase("OPTIONS /troupes/state")]
    [TestCase("HEAD /troupes/events")]
    [TestCase("TRACE /troupes/state")]
    [TestCase("GET /troupes/control")]
    public async Task Request_StrangePathOrMethod_IsNotAnswered(string request)
    {
        await using var site = await Site.StartAsync(
            application => application.MapTinyTroupes(configure: options => options.AllowControl = true).RequireAuthorization(),
            services: services => Site.AddUsers(services));
        Assert.That(await RawAsync(site, request + " HTTP/1.1\r\nHost: localhost\r\n"), Does.Not.Contain(" 200 "));
    }

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public async Task Request_ForwardedMiddlewareRewroteThePeer_IsRefused(string forwardedFor)
    {
        await using var site = await Site.StartAsync(
            application =>
            {
                application.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All });
                application.MapTinyTroupes();
            },
            "Development");
        var answer = await RawAsync(
            site, $"GET /troupes/state HTTP/1.1\r\nHost: evil\r\nX-Forwarded-For: {forwardedFor}\r\nX-Forwarded-Host: localhost\r\n");
        Assert.That(answer, Does.Contain(" 403 "));
    }

    private static async Task<string> RawAsync(Site site, string request)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(site.Client.BaseAddress!.Host, site.Client.BaseAddress.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request + "Connection: close\r\n\r\n"));
        var buffer = new byte[4096];
        var length = await socket.ReceiveAsync(buffer).WaitAsync(Site.Deadline);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    private sealed class LetPass : IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(
            RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
            next(context);
    }
}
