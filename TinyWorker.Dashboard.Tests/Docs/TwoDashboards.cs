using Microsoft.AspNetCore.Builder;

namespace TinyWorker.Dashboard.Tests.Docs;

internal static class TwoDashboards
{
    public static void Map(WebApplication app)
    {
        // <sample>
        app.MapTinyTroupes("/troupes").RequireAuthorization("employees");
        app.MapTinyTroupes("/troupes/control", options => options.AllowControl = true).RequireAuthorization("operators");
        // </sample>
    }
}
