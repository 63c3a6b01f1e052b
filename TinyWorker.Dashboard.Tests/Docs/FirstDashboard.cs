using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace TinyWorker.Dashboard.Tests.Docs;

internal static class FirstDashboard
{
    public static WebApplication Make(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication();
        // <sample>
        builder.Services.AddAuthorizationBuilder().AddPolicy("operators", policy => policy.RequireRole("operator"));
        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapTinyTroupes().RequireAuthorization("operators");   // the page is at /troupes
        // </sample>
        return app;
    }
}
