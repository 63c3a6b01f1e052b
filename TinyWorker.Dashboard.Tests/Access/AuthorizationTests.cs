using System.Net;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace TinyWorker.Dashboard.Tests.Access;

/// <summary>Who gets at which endpoint.</summary>
internal sealed class AuthorizationTests
{
    private static readonly string[] Endpoints =
    [
        "GET /troupes", "GET /troupes/", "GET /troupes/app.js", "GET /troupes/style.css", "GET /troupes/icon.svg", "GET /troupes/state",
        "GET /troupes/events", "POST /troupes/control", "HEAD /troupes/", "HEAD /troupes/state",
    ];

    [Test]
    public async Task Request_NothingSaidOfAuthorization_IsRefusedAndLoggedOnce([Values] bool hasMiddleware)
    {
        await using var site = await Site.StartAsync(
            application => application.MapTinyTroupes(configure: AllowControl),
            services: services => _ = hasMiddleware ? Site.AddUsers(services) : services);
        await AssertAllAsync(site, HttpStatusCode.Forbidden, user: null);
        await AssertAllAsync(site, HttpStatusCode.Forbidden, user: "ann:admin");
        var line = site.Logs.GetSnapshot().Single(record => record.Level == LogLevel.Warning && record.Category == "TinyWorker.Dashboard");
        Assert.That(line.Message, Does.Contain("RequireAuthorization").And.Contain("'/troupes'").And.Contain("not Development"));
    }

    [Test]
    public async Task Refusal_NothingSaidOfAuthorization_SaysWhyInPlainText()
    {
        await using var site = await Site.StartAsync(application => application.MapTinyTroupes());
        var response = await site.GetAsync("/troupes/state");
        Assert.That(await response.Content.ReadAsStringAsync(), Does.StartWith("The application does not say who may see its troupes"));
    }

    [Test]
    public async Task Request_PolicyOfTheDashboard_IsAnsweredForWhoMeetsIt()
    {
        await using var site = await Site.StartAsync(
            application => application.MapTinyTroupes(configure: AllowControl).RequireAuthorization(policy => policy.RequireRole("admin")),
            services: services => Site.AddUsers(services));
        await AssertPolicyAsync(site);
    }

    [Test]
    public async Task Request_PolicyOfAGroupAroundIt_IsAnsweredForWhoMeetsIt()
    {
        await using var site = await Site.StartAsync(
            application => application.MapGroup("").RequireAuthorization(policy => policy.RequireRole("admin"))
                .MapTinyTroupes(configure: AllowControl),
            services: services => Site.AddUsers(services));
        await AssertPolicyAsync(site);
    }

    [Test]
    public async Task Request_FallbackPolicy_IsAnsweredForWhoMeetsIt()
    {
        await using var site = await Site.StartAsync(
            application => application.MapTinyTroupes(configure: AllowControl),
            services: services => Site.AddUsers(services).AddAuthorizationBuilder()
                .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireRole("admin").Build()));
        await AssertPolicyAsync(site);
    }

    [Test]
    public async Task Request_AllowAnonymous_IsAnsweredButControl([Values] bool hasFallback)
    {
        await using var site = await Site.StartAsync(
            application => application.MapTinyTroupes(configure: AllowControl).AllowAnonymous(),
            services: services => _ = !hasFallback ? services : Site.AddUsers(services).AddAuthorizationBuilder()
                .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireRole("admin").Build()).Services);
        await AssertAllAsync(site, HttpStatusCode.OK, user: null, control: HttpStatusCode.Forbidden);
        Assert.That(await (await site.GetAsync("/troupes/state")).Content.ReadAsStringAsync(), Does.Contain("\"mayControl\":false"));
    }

    // The framework's own check is off, and nobody evaluates the policy that the endpoint has.
    [Test]
    public async Task Request_PolicyWithoutTheMiddleware_IsRefused()
    {
        await using var site = await Site.StartAsync(
            application => application.MapTinyTroupes(configure: AllowControl).RequireAuthorization(),
            services: services => services.Configure<RouteOptions>(options => options.SuppressCheckForUnhandledSecurityMetadata = true));
        await AssertAllAsync(site, HttpStatusCode.Forbidden, user: "ann:admin");
    }

    [Test]
    public async Task Request_PolicyWithoutTheMiddleware_IsAnErrorOfTheFramework()
    {
        await using var site = await Site.StartAsync(application => application.MapTinyTroupes().RequireAuthorization());
        Assert.That((await site.GetAsync("/troupes/state")).StatusCode, Is.EqualTo(HttpStatusCode.InternalServerError));
    }

    // A middleware behind the authorization sends the request somewhere else than where it was authorized.
    [Test]
    public async Task Request_AuthorizedForAnotherEndpoint_IsRefused()
    {
        await using var site = await Site.StartAsync(
            application =>
            {
                application.UseRouting();
                application.UseAuthentication();
                application.UseAuthorization();
                application.Use((context, next) =>
                {
                    if (context.Request.Path != "/elsewhere") return next(context);
                    context.SetEndpoint(((IEndpointRouteBuilder)application).DataSources.SelectMany(source => source.Endpoints)
                        .Single(endpoint => endpoint.DisplayName!.EndsWith("/state", StringComparison.Ordinal)));
                    return next(context);
                });
                application.MapGet("/elsewhere", () => "").RequireAuthorization();
                application.MapTinyTroupes("/troupes").RequireAuthorization(policy => policy.RequireRole("admin"));
            },
            services: services => Site.AddUsers(services));
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await site.GetAsync("/elsewhere", user: "ann")).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That((await site.GetAsync("/troupes/state", user: "ann:admin")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        });
    }

    [Test]
    public async Task Request_TwoDashboards_EachHasItsOwnPolicy()
    {
        await using var site = await Site.StartAsync(
            application =>
            {
                application.MapTinyTroupes("/open").AllowAnonymous();
                application.MapTinyTroupes("/closed").RequireAuthorization();
                application.MapTinyTroupes("/forgotten");
            },
            services: services => Site.AddUsers(services));
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await site.GetAsync("/open/state")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That((await site.GetAsync("/closed/state")).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
            Assert.That((await site.GetAsync("/closed/state", user: "ann")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That((await site.GetAsync("/forgotten/state", user: "ann")).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        });
    }

    private static void AllowControl(TinyTroupeDashboardOptions options) => options.AllowControl = true;

    private static async Task AssertPolicyAsync(Site site)
    {
        await AssertAllAsync(site, HttpStatusCode.Unauthorized, user: null);
        await AssertAllAsync(site, HttpStatusCode.Forbidden, user: "ann");
        // Control without a token comes as far as that, and a stranger does not.
        await AssertAllAsync(site, HttpStatusCode.OK, user: "ann:admin", control: HttpStatusCode.Forbidden);
        var refusal = await site.SendAsync(HttpMethod.Post, "/troupes/control", user: "ann:admin");
        Assert.That(await refusal.Content.ReadAsStringAsync(), Does.StartWith("The token is missing"));
        Assert.That(site.Logs.GetSnapshot().Where(record => record.Category == "TinyWorker.Dashboard"), Is.Empty);
    }

    private static async Task AssertAllAsync(Site site, HttpStatusCode expected, string? user, HttpStatusCode? control = null)
    {
        var found = new StringBuilder();
        var wanted = new StringBuilder();
        foreach (var endpoint in Endpoints)
        {
            var (method, path) = (endpoint.Split(' ')[0], endpoint.Split(' ')[1]);
            using var response = await site.SendAsync(new HttpMethod(method), path, user: user);
            found.AppendLine($"{endpoint}: {response.StatusCode}");
            var status = method == "POST" && control is { } other ? other
                : path == "/troupes" && expected == HttpStatusCode.OK ? HttpStatusCode.Redirect
                : expected;
            wanted.AppendLine($"{endpoint}: {status}");
        }

        Assert.That(found.ToString(), Is.EqualTo(wanted.ToString()));
    }
}
