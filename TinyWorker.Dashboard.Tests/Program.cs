using TinyWorker.Dashboard.Tests.Browser;

return args switch
{
    ["screenshots", var folder] => await Screenshots.TakeAsync(folder, null),
    ["screenshots", var folder, var scene] => await Screenshots.TakeAsync(folder, scene),
    _ => throw new ArgumentException("Say: screenshots <folder> [scene]"),
};
