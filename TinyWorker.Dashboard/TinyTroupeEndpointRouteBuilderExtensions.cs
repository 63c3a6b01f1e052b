using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the dashboard to an application.</summary>
public static class TinyTroupeEndpointRouteBuilderExtensions
{
    /// <summary>Adds a live page that shows the troupes of this process.</summary>
    public static IEndpointConventionBuilder MapTinyTroupes(
        this IEndpointRouteBuilder endpoints, string pattern = "/troupes", Action<TinyTroupeDashboardOptions>? configure = null) =>
        throw new NotImplementedException();
}
