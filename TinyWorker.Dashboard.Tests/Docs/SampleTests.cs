using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace TinyWorker.Dashboard.Tests.Docs;

/// <summary>The samples of the manual do what it says.</summary>
internal sealed class SampleTests
{
    [Test]
    public async Task FirstDashboard_OfAStranger_AsksWhoItIs()
    {
        var builder = WebApplication.CreateSlimBuilder();
        Site.AddUsers(builder.Services);
        await using var application = FirstDashboard.Make(builder);
        application.Urls.Add("http://127.0.0.1:0");
        await application.StartAsync().WaitAsync(Site.Deadline);
        using var client = new HttpClient { BaseAddress = new Uri(application.Urls.Single()) };
        Assert.That((await client.GetAsync("/troupes/")).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        client.DefaultRequestHeaders.Add(Site.User, "ann:operator");
        Assert.That((await client.GetAsync("/troupes/")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task TwoDashboards_ForEmployees_LetThemLookAndOperatorsControl()
    {
        await using var site = await Site.StartAsync(
            TwoDashboards.Map,
            services: services => Site.AddUsers(services).AddAuthorizationBuilder()
                .AddPolicy("employees", policy => policy.RequireAuthenticatedUser())
                .AddPolicy("operators", policy => policy.RequireRole("operator")));
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await site.GetAsync("/troupes/", user: "ann")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That((await site.GetAsync("/troupes/control/", user: "ann")).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That((await site.GetAsync("/troupes/control/", user: "bob:operator")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That((await site.SendAsync(HttpMethod.Post, "/troupes/control", user: "ann")).IsSuccessStatusCode, Is.False);
        });
    }
}
